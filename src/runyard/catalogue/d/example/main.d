import std.range;
import std.stdio;

void main()
{
    writefln("%(%s %)", recurrence!("a[n-1] + a[n-2]")(0, 1).take(10));
}
