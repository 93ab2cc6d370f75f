// Ends well if there is something global of a name. (What -e runs has more than a
// module has: Node's own modules, under their names.)
process.exit(typeof globalThis[process.argv[2]] == 'undefined' ? 3 : 0)
