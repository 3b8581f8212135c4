package store

import (
	"fmt"
	"sync"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	sqlite "modernc.org/sqlite/lib"
)

// Two ways of SQLite to its files (https://www.sqlite.org/vfs.html), each that of the system with some methods of its files
// replaced (ADR 17).
const (
	// gatheringVFS is the writer's. What is written to the log one after the other reaches the system in one write, at the
	// latest before the log is synced, or the right to write is given back: SQLite writes two small pieces a page, which took a
	// fifth of the processor time of an update. A transaction that others can see is synced (PRAGMA synchronous=FULL), hence
	// written, and nobody else writes meanwhile: what is gathered concerns the writer alone.
	gatheringVFS = "gathering"
	// writingBackVFS is the checkpointer's. It lets the disk have the pages it writes to the database bit by bit, so that little
	// is left when they are synced.
	writingBackVFS = "writing-back"
)

const (
	// gatherMost is how much is gathered, in bytes: the most that SQLite's VFS for Unix writes at once (seekAndWriteFd).
	gatherMost = 1<<17 - 1
	// writeBackPages pages at a time are on their way to the disk.
	writeBackPages = 128
)

// replaced is kept behind the system's own fields of an open file: its methods, and those of the system.
type replaced struct {
	methods sqlite.Tsqlite3_io_methods
	system  uintptr // *sqlite.Tsqlite3_io_methods
}

// replace has SQLite call the methods of a table of the file's own, which are those of the system so far.
func replace(file uintptr) *sqlite.Tsqlite3_io_methods {
	opened, own := at[sqlite.Tsqlite3_file](file), at[replaced](file+systemFile)
	*own = replaced{methods: *at[sqlite.Tsqlite3_io_methods](opened.FpMethods), system: opened.FpMethods}
	opened.FpMethods = file + systemFile + unsafe.Offsetof(own.methods)
	return &own.methods
}

// system answers the system's methods of a file.
func system(file uintptr) *sqlite.Tsqlite3_io_methods {
	return at[sqlite.Tsqlite3_io_methods](at[replaced](file + systemFile).system)
}

// gathered is kept with an open log.
type gathered struct {
	bytes  uintptr // gatherMost of them, 0 before the first write
	length int64
	offset int64   // in the log, of the first byte
	writes uintptr // *writing, the database
}

// writing is kept with the database whose log is gathered.
type writing struct {
	log uintptr // *sqlite.Tsqlite3_file, 0 unless it is open
}

// writingBack is kept with a database that is folded into.
type writingBack struct {
	pages  int64 // written, and not on their way to the disk
	offset int64 // of the first of them
}

// The signatures of the methods.
type (
	openMethod     = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32
	closeMethod    = func(tls *libc.TLS, file uintptr) int32
	readMethod     = func(tls *libc.TLS, file, into uintptr, length int32, offset int64) int32
	writeMethod    = func(tls *libc.TLS, file, from uintptr, length int32, offset int64) int32
	truncateMethod = func(tls *libc.TLS, file uintptr, size int64) int32
	syncMethod     = func(tls *libc.TLS, file uintptr, flags int32) int32
	sizeMethod     = func(tls *libc.TLS, file, size uintptr) int32
	lockMethod     = func(tls *libc.TLS, file uintptr, offset, n, flags int32) int32
)

// at gives a type to memory that SQLite knows, which is not Go's; method and address are how functions are kept in it, by the
// rule of the translation to Go (modernc.org/ccgo).
func at[T any](address uintptr) *T    { return *(**T)(unsafe.Pointer(&address)) }
func method[F any](address uintptr) F { return *(*F)(unsafe.Pointer(&address)) }
func address[F any](function F) uintptr {
	return *(*uintptr)(unsafe.Pointer(&function))
}

// systemVFS is the VFS of the system (*sqlite.Tsqlite3_vfs), systemFile the size of its open files; what a file of ours keeps
// besides its methods begins at ownState. They are set once.
var systemVFS, systemFile, ownState uintptr

// registerVFS makes the two known to SQLite, for as long as the process lives.
var registerVFS = sync.OnceValue(func() error {
	tls := libc.NewTLS()
	defer tls.Close()
	if rc := sqlite.Xsqlite3_initialize(tls); rc != sqlite.SQLITE_OK {
		return fmt.Errorf("initialize SQLite: error %d", rc)
	}
	if systemVFS = sqlite.Xsqlite3_vfs_find(tls, 0); systemVFS == 0 {
		return fmt.Errorf("SQLite has no VFS")
	}
	const word = unsafe.Sizeof(uintptr(0))
	systemFile = (uintptr(at[sqlite.Tsqlite3_vfs](systemVFS).FszOsFile) + word - 1) &^ (word - 1)
	ownState = systemFile + unsafe.Sizeof(replaced{})
	for name, open := range map[string]openMethod{gatheringVFS: openGathering, writingBackVFS: openWritingBack} {
		text, err := libc.CString(name)
		if err != nil {
			return err
		}
		vfs := libc.Xcalloc(tls, 1, types.Size_t(unsafe.Sizeof(sqlite.Tsqlite3_vfs{})))
		if vfs == 0 {
			return fmt.Errorf("register VFS %s: no memory", name)
		}
		own := at[sqlite.Tsqlite3_vfs](vfs)
		*own = *at[sqlite.Tsqlite3_vfs](systemVFS)
		own.FpNext, own.FzName, own.FxOpen = 0, text, address(open)
		own.FszOsFile = int32(ownState + max(unsafe.Sizeof(gathered{}), unsafe.Sizeof(writing{}), unsafe.Sizeof(writingBack{})))
		if rc := sqlite.Xsqlite3_vfs_register(tls, vfs, 0); rc != sqlite.SQLITE_OK {
			return fmt.Errorf("register VFS %s: error %d", name, rc)
		}
	}
	return nil
})

// openSystem opens a file as the system does.
func openSystem(tls *libc.TLS, name, file uintptr, flags int32, outFlags uintptr) int32 {
	return method[openMethod](at[sqlite.Tsqlite3_vfs](systemVFS).FxOpen)(tls, systemVFS, name, file, flags, outFlags)
}

func openGathering(tls *libc.TLS, _, name, file uintptr, flags int32, outFlags uintptr) int32 {
	rc := openSystem(tls, name, file, flags, outFlags)
	switch {
	case rc != sqlite.SQLITE_OK:
	case flags&sqlite.SQLITE_OPEN_MAIN_DB != 0:
		replace(file).FxShmLock = address[lockMethod](lockGathering)
		at[writing](file + ownState).log = 0
	case flags&sqlite.SQLITE_OPEN_WAL != 0:
		own := replace(file)
		own.FxClose = address[closeMethod](closeGathering)
		own.FxRead = address[readMethod](readGathering)
		own.FxWrite = address[writeMethod](writeGathering)
		own.FxTruncate = address[truncateMethod](truncateGathering)
		own.FxSync = address[syncMethod](syncGathering)
		own.FxFileSize = address[sizeMethod](sizeGathering)
		g := at[gathered](file + ownState)
		*g = gathered{writes: sqlite.Xsqlite3_database_file_object(tls, name) + ownState}
		at[writing](g.writes).log = file
	}
	return rc
}

// lockGathering passes on what is gathered before the right to write is given back: a transaction that was taken back leaves
// pages behind, and later they would go over those of another process.
func lockGathering(tls *libc.TLS, file uintptr, offset, n, flags int32) int32 {
	const writeLock = 0 // WAL_WRITE_LOCK, the first of the log's locks (https://www.sqlite.org/walformat.html)
	w := at[writing](file + ownState)
	if flags == sqlite.SQLITE_SHM_UNLOCK|sqlite.SQLITE_SHM_EXCLUSIVE && offset == writeLock && w.log != 0 {
		_ = pass(tls, w.log) // of no transaction that was kept, so nothing is lost
	}
	return method[lockMethod](system(file).FxShmLock)(tls, file, offset, n, flags)
}

// pass writes what was gathered. What cannot be written is forgotten: SQLite hears of it and takes the transaction back.
func pass(tls *libc.TLS, file uintptr) int32 {
	g := at[gathered](file + ownState)
	if g.length == 0 {
		return sqlite.SQLITE_OK
	}
	length := int32(g.length)
	g.length = 0
	return method[writeMethod](system(file).FxWrite)(tls, file, g.bytes, length, g.offset)
}

func writeGathering(tls *libc.TLS, file, from uintptr, length int32, offset int64) int32 {
	g := at[gathered](file + ownState)
	if g.length > 0 && (offset != g.offset+g.length || g.length+int64(length) > gatherMost) {
		if rc := pass(tls, file); rc != sqlite.SQLITE_OK {
			return rc
		}
	}
	if g.bytes == 0 {
		g.bytes = libc.Xmalloc(tls, gatherMost)
	}
	if g.bytes == 0 || length > gatherMost {
		return method[writeMethod](system(file).FxWrite)(tls, file, from, length, offset)
	}
	if g.length == 0 {
		g.offset = offset
	}
	libc.Xmemcpy(tls, g.bytes+uintptr(g.length), from, types.Size_t(length))
	g.length += int64(length)
	return sqlite.SQLITE_OK
}

func readGathering(tls *libc.TLS, file, into uintptr, length int32, offset int64) int32 {
	if rc := pass(tls, file); rc != sqlite.SQLITE_OK {
		return rc
	}
	return method[readMethod](system(file).FxRead)(tls, file, into, length, offset)
}

func truncateGathering(tls *libc.TLS, file uintptr, size int64) int32 {
	if rc := pass(tls, file); rc != sqlite.SQLITE_OK {
		return rc
	}
	return method[truncateMethod](system(file).FxTruncate)(tls, file, size)
}

func syncGathering(tls *libc.TLS, file uintptr, flags int32) int32 {
	if rc := pass(tls, file); rc != sqlite.SQLITE_OK {
		return rc
	}
	return method[syncMethod](system(file).FxSync)(tls, file, flags)
}

func sizeGathering(tls *libc.TLS, file, size uintptr) int32 {
	if rc := pass(tls, file); rc != sqlite.SQLITE_OK {
		return rc
	}
	return method[sizeMethod](system(file).FxFileSize)(tls, file, size)
}

func closeGathering(tls *libc.TLS, file uintptr) int32 {
	written := pass(tls, file)
	g := at[gathered](file + ownState)
	libc.Xfree(tls, g.bytes)
	at[writing](g.writes).log = 0
	if rc := method[closeMethod](system(file).FxClose)(tls, file); rc != sqlite.SQLITE_OK {
		return rc
	}
	return written
}

func openWritingBack(tls *libc.TLS, _, name, file uintptr, flags int32, outFlags uintptr) int32 {
	rc := openSystem(tls, name, file, flags, outFlags)
	if rc == sqlite.SQLITE_OK && flags&sqlite.SQLITE_OPEN_MAIN_DB != 0 {
		replace(file).FxWrite = address[writeMethod](writeWritingBack)
		at[writingBack](file + ownState).pages = 0
	}
	return rc
}

// writeWritingBack is called for pages in ascending order, as SQLite folds its log.
func writeWritingBack(tls *libc.TLS, file, from uintptr, length int32, offset int64) int32 {
	w := at[writingBack](file + ownState)
	if w.pages == 0 || offset < w.offset { // a new round begins at the front
		w.offset = offset
	}
	rc := method[writeMethod](system(file).FxWrite)(tls, file, from, length, offset)
	if w.pages++; w.pages == writeBackPages {
		w.pages = 0
		beginWriteBack(file, w.offset, offset+int64(length)-w.offset)
	}
	return rc
}
