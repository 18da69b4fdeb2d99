#import "Greeting.h"

@implementation Greeting
+ (NSString *) text
{
    return [NSString stringWithUTF8String: "héllo ✓"];
}
@end
