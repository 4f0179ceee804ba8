/**
 * What the process must have in its environment before any of its threads loads native code: a thread has a copy of
 * the environment, and only what the main thread sets reaches the library.
 */

// ONNX Runtime 1.30 otherwise keeps a log of its use under the user's home and sends that log to its maker.
process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
