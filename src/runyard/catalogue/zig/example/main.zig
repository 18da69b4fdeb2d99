const std = @import("std");

pub fn main(init: std.process.Init) !void {
    var a: u64 = 0;
    var b: u64 = 1;
    var buffer: [32]u8 = undefined;
    for (0..10) |i| {
        const gap = if (i == 9) "\n" else " ";
        const shown = try std.fmt.bufPrint(&buffer, "{d}{s}", .{ a, gap });
        try std.Io.File.stdout().writeStreamingAll(init.io, shown);
        const next = a + b;
        a = b;
        b = next;
    }
}
