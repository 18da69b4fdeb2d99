use strict;
use warnings;

sub fibonacci {
    my ($count) = @_;
    my @numbers = (0, 1);
    push @numbers, $numbers[-1] + $numbers[-2] while @numbers < $count;
    return @numbers;
}

print join(" ", fibonacci(10)), "\n";
