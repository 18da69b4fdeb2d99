export const greeting: string = "héllo ✓";
