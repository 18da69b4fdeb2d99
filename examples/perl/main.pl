# Statistics about the words of a text, given as input.
# Run it: runyard run examples/perl < examples/perl/input.txt
use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));
use WordCount;

my $count = WordCount->new;
$count->add($_) while <STDIN>;

printf "%d words, %d different, %.1f letters on average\n",
    $count->total, $count->different, $count->mean_length;
for my $entry ($count->most_frequent(6)) {
    my ($word, $times) = @$entry;
    printf "%-6s %s\n", $word, '#' x $times;
}
print "longest: ", join(', ', $count->longest), "\n";
