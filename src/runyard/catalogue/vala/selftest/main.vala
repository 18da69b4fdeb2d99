void main () {
    stdout.printf ("%s\n", Greeting.TEXT);
}
