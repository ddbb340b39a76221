import CSQLite
import Glibc
import Testing

/// A file system for SQLite that works on real files through SQLite's own, and tells a `PowerDisk` of every change. It
/// waits for no real disk.
///
/// A class because SQLite holds its address; registered for as long as it lives.
final class PowerVFS {
  let name: String
  let disk: PowerDisk
  private let vfs = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
  private let cName: UnsafeMutablePointer<CChar>

  init(_ disk: PowerDisk, name: String) throws {
    let real = try #require(sqlite3_vfs_find("unix"))
    self.disk = disk
    self.name = name
    cName = strdup(name)
    vfs.initialize(to: real.pointee)
    vfs.pointee.pNext = nil
    vfs.pointee.zName = UnsafePointer(cName)
    vfs.pointee.pAppData = Unmanaged.passUnretained(disk).toOpaque()
    vfs.pointee.szOsFile = Int32(Layout.real) + real.pointee.szOsFile
    vfs.pointee.xOpen = openFile
    vfs.pointee.xDelete = removeFile
    try #require(sqlite3_vfs_register(vfs, 0) == SQLITE_OK)
  }

  deinit {
    sqlite3_vfs_unregister(vfs)
    vfs.deallocate()
    free(cName)
  }
}

/// A file of this file system: SQLite's part (a pointer to the methods), what we know of it, and the real file.
private enum Layout {
  static let known = 8
  static let real = 16
}

/// What is known of an open file.
private final class OpenFile {
  let disk: PowerDisk
  let path: String

  init(_ disk: PowerDisk, _ path: String) {
    self.disk = disk
    self.path = path
  }
}

private typealias FilePointer = UnsafeMutablePointer<sqlite3_file>

private func realVFS() -> UnsafeMutablePointer<sqlite3_vfs>? { sqlite3_vfs_find("unix") }

private func realFile(_ file: FilePointer?) -> FilePointer? {
  file.map { (UnsafeMutableRawPointer($0) + Layout.real).assumingMemoryBound(to: sqlite3_file.self) }
}

private func methods(_ file: FilePointer?) -> sqlite3_io_methods? { realFile(file)?.pointee.pMethods?.pointee }

private func known(_ file: FilePointer?) -> OpenFile? {
  file.map { file in
    let place = (UnsafeMutableRawPointer(file) + Layout.known).assumingMemoryBound(to: UnsafeRawPointer.self)
    return Unmanaged<OpenFile>.fromOpaque(place.pointee).takeUnretainedValue()
  }
}

private func openFile(
  _ vfs: UnsafeMutablePointer<sqlite3_vfs>?, _ name: sqlite3_filename?, _ file: FilePointer?, _ flags: Int32,
  _ outFlags: UnsafeMutablePointer<Int32>?
) -> Int32 {
  guard let vfs, let file, let data = vfs.pointee.pAppData, let real = realVFS() else { return SQLITE_CANTOPEN }
  let disk = Unmanaged<PowerDisk>.fromOpaque(data).takeUnretainedValue()
  file.pointee.pMethods = nil
  if disk.isOff { return SQLITE_IOERR }
  let path = name.map { String(cString: $0) } ?? ""
  let isNew = access(path, F_OK) != 0
  let code = real.pointee.xOpen(real, name, realFile(file), flags, outFlags)
  guard code == SQLITE_OK else { return code }
  if isNew { disk.make(path) }
  disk.open(path, contents: (try? contents(of: path)) ?? [], isNew: isNew)
  let known = Unmanaged.passRetained(OpenFile(disk, path)).toOpaque()
  (UnsafeMutableRawPointer(file) + Layout.known).assumingMemoryBound(to: UnsafeRawPointer.self).pointee =
    UnsafeRawPointer(known)
  file.pointee.pMethods = table.methods
  return SQLITE_OK
}

private func removeFile(
  _ vfs: UnsafeMutablePointer<sqlite3_vfs>?, _ name: UnsafePointer<CChar>?, _ synced: Int32
) -> Int32 {
  guard let vfs, let name, let data = vfs.pointee.pAppData, let real = realVFS() else { return SQLITE_IOERR }
  let disk = Unmanaged<PowerDisk>.fromOpaque(data).takeUnretainedValue()
  guard disk.remove(String(cString: name), synced: synced != 0) else { return SQLITE_IOERR }
  return real.pointee.xDelete(real, name, 0)
}

/// The methods of its files, for as long as the process lives.
private struct Table: @unchecked Sendable {
  // Never written after it is made.
  let methods: UnsafePointer<sqlite3_io_methods>
}

private let table: Table = {
  var methods = sqlite3_io_methods()
  // Without memory-mapped files, which no method would see.
  methods.iVersion = 2
  methods.xClose = { file in
    let code = LedgerTests.methods(file)?.xClose?(realFile(file)) ?? SQLITE_IOERR
    if let file {
      let place = (UnsafeMutableRawPointer(file) + Layout.known).assumingMemoryBound(to: UnsafeRawPointer.self)
      Unmanaged<OpenFile>.fromOpaque(place.pointee).release()
    }
    return code
  }
  methods.xRead = { file, bytes, count, at in
    LedgerTests.methods(file)?.xRead?(realFile(file), bytes, count, at) ?? SQLITE_IOERR
  }
  methods.xWrite = { file, bytes, count, at in
    guard let known = known(file), let bytes else { return SQLITE_IOERR }
    let copy = [UInt8](UnsafeRawBufferPointer(start: bytes, count: Int(count)))
    guard known.disk.change(known.path, .write(at: Int(at), copy)) else { return SQLITE_IOERR }
    return LedgerTests.methods(file)?.xWrite?(realFile(file), bytes, count, at) ?? SQLITE_IOERR
  }
  methods.xTruncate = { file, size in
    guard let known = known(file), known.disk.change(known.path, .truncate(to: Int(size))) else { return SQLITE_IOERR }
    return LedgerTests.methods(file)?.xTruncate?(realFile(file), size) ?? SQLITE_IOERR
  }
  methods.xSync = { file, _ in
    guard let known = known(file), known.disk.sync(known.path) else { return SQLITE_IOERR }
    return SQLITE_OK
  }
  methods.xFileSize = { file, size in LedgerTests.methods(file)?.xFileSize?(realFile(file), size) ?? SQLITE_IOERR }
  methods.xLock = { file, level in LedgerTests.methods(file)?.xLock?(realFile(file), level) ?? SQLITE_IOERR }
  methods.xUnlock = { file, level in LedgerTests.methods(file)?.xUnlock?(realFile(file), level) ?? SQLITE_IOERR }
  methods.xCheckReservedLock = { file, held in
    LedgerTests.methods(file)?.xCheckReservedLock?(realFile(file), held) ?? SQLITE_IOERR
  }
  methods.xFileControl = { file, operation, argument in
    LedgerTests.methods(file)?.xFileControl?(realFile(file), operation, argument) ?? SQLITE_NOTFOUND
  }
  methods.xSectorSize = { file in LedgerTests.methods(file)?.xSectorSize?(realFile(file)) ?? 4096 }
  methods.xDeviceCharacteristics = { file in
    LedgerTests.methods(file)?.xDeviceCharacteristics?(realFile(file)) ?? 0
  }
  methods.xShmMap = { file, page, size, extend, memory in
    LedgerTests.methods(file)?.xShmMap?(realFile(file), page, size, extend, memory) ?? SQLITE_IOERR
  }
  methods.xShmLock = { file, offset, count, flags in
    LedgerTests.methods(file)?.xShmLock?(realFile(file), offset, count, flags) ?? SQLITE_IOERR
  }
  methods.xShmBarrier = { file in LedgerTests.methods(file)?.xShmBarrier?(realFile(file)) }
  methods.xShmUnmap = { file, delete in
    LedgerTests.methods(file)?.xShmUnmap?(realFile(file), delete) ?? SQLITE_IOERR
  }
  let place = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
  place.initialize(to: methods)
  return Table(methods: UnsafePointer(place))
}()
