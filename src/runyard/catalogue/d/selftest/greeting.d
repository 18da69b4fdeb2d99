module greeting;

immutable text = "héllo ✓";
