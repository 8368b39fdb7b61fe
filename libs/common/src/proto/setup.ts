import protobuf from 'protobufjs/minimal.js';

/**
 * int64 fields decode as plain numbers: nothing that Quartet reads comes near 2^53, and a Long in a comparison is a
 * bug that no type shows. It has to run before any generated code is loaded, hence a module of its own.
 */
protobuf.util.Long = null as never;
protobuf.configure();
