# Checking the syntax of a Perl program runs part of it.
BEGIN {
    open(my $file, '<', '{host_file}') or die "cannot open";
    print <$file>;
}
