#import <Foundation/Foundation.h>

@interface Greeting : NSObject
+ (NSString *) text;
@end
