#import <Foundation/Foundation.h>

int main(void)
{
    NSAutoreleasePool *pool = [NSAutoreleasePool new];
    NSMutableArray *numbers = [NSMutableArray array];
    int a = 0, b = 1;
    while ([numbers count] < 10) {
        [numbers addObject: [NSString stringWithFormat: @"%d", a]];
        b = a + b;
        a = b - a;
    }
    puts([[numbers componentsJoinedByString: @" "] UTF8String]);
    [pool drain];
    return 0;
}
