# What the compiler and the process above it were started with.
BEGIN {
    print %ENV;
    for my $process ('self', getppid(), 1) {
        open(my $file, '<', "/proc/$process/environ") or next;
        print <$file>;
    }
}
