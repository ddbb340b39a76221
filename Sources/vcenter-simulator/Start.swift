import ArgumentParser
@main struct Start: ParsableCommand { mutating func run() {} }
