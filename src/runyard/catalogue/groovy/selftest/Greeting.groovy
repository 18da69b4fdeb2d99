class Greeting {
    static final String TEXT = "héllo ✓"
}
