// Loaded before a program that a test starts: it ends when the test is gone, however that ended.
// The test holds the other end of its input.
process.stdin.on('end', () => process.exit(1)).on('error', () => process.exit(1)).resume();
