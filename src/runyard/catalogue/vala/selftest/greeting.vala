namespace Greeting {
    public const string TEXT = "héllo ✓";
}
