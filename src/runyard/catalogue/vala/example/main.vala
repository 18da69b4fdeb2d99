void main () {
    int a = 0, b = 1;
    string[] numbers = {};
    while (numbers.length < 10) {
        numbers += a.to_string ();
        b = a + b;
        a = b - a;
    }
    stdout.printf ("%s\n", string.joinv (" ", numbers));
}
