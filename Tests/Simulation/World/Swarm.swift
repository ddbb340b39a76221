import GuestWatchCore
import VCenterModel

extension World {
  /// More of them than anybody follows on one VM with one login (`LoginView.candidateCap` is 5,000).
  private static let swarm = 5_400

  /// A process that some rule wants, thousands of times, for as long as a few surveys take.
  mutating func swarm(_ guest: Int) {
    guard let place = places.first(where: { $0.guest == guest }), isWatched(place),
      let rule = random.pick(rules(reaching: place)), var spawn = runaway(for: rule, at: place)
    else { return }
    spawn.livesFor = 4 * max(every.nanoseconds, 10 * Span.second)
    spawn.zombieFor = nil
    spawn.respawnsAfter = nil
    for _ in 0..<World.swarm { _ = self.spawn(spawn, at: place) }
  }
}
