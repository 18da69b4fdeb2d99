using System;
using System.Collections.Generic;

class Program
{
    static IEnumerable<long> Fibonacci(int count)
    {
        long a = 0, b = 1;
        for (int i = 0; i < count; i++)
        {
            yield return a;
            long next = a + b;
            a = b;
            b = next;
        }
    }

    static void Main()
    {
        Console.WriteLine(string.Join(" ", Fibonacci(10)));
    }
}
