#import "Greeting.h"

int main(void)
{
    NSAutoreleasePool *pool = [NSAutoreleasePool new];
    puts([[Greeting text] UTF8String]);
    [pool drain];
    return 0;
}
