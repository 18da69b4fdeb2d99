class Greeting {
    public static final TEXT = "héllo ✓";
}
