import greeting;
import std.stdio;

void main()
{
    writeln(text);
}
