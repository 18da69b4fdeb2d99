package WordCount;

use strict;
use warnings;
use List::Util qw(max sum0);

sub new {
    my ($class) = @_;
    return bless { times => {} }, $class;
}

sub add {
    my ($self, $line) = @_;
    $self->{times}{lc $1}++ while $line =~ /(\p{L}+(?:'\p{L}+)?)/g;
    return $self;
}

sub total     { return sum0 values %{ $_[0]{times} } }
sub different { return scalar keys %{ $_[0]{times} } }

sub mean_length {
    my ($self) = @_;
    my $times = $self->{times};
    return sum0(map { length($_) * $times->{$_} } keys %$times) / ($self->total || 1);
}

sub most_frequent {
    my ($self, $limit) = @_;
    my $times = $self->{times};
    my @words = sort { $times->{$b} <=> $times->{$a} || $a cmp $b } keys %$times;
    splice @words, $limit if @words > $limit;
    return map { [$_, $times->{$_}] } @words;
}

sub longest {
    my ($self) = @_;
    my $length = max 0, map { length } keys %{ $self->{times} };
    return sort grep { length == $length } keys %{ $self->{times} };
}

1;
