const std = @import("std");
const greeting = @import("greeting.zig");

pub fn main(init: std.process.Init) !void {
    try std.Io.File.stdout().writeStreamingAll(init.io, greeting.text ++ "\n");
}
