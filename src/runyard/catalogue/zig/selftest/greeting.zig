pub const text = "héllo ✓";
