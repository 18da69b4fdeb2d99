pub const TEXT: &str = "héllo ✓";
