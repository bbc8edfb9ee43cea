using Parcae.Liveput;

namespace Parcae.Grains.Tests.Protocol;

/// <summary>The reconfiguration protocol, explored in all states of small cases (docs/protocol.md).</summary>
public sealed class ProtocolTests(ITestOutputHelper output)
{
    private static readonly Strategy None = Strategy.None, One = new(1, 1), Data = new(2, 1), Stages = new(1, 2);

    [Fact]
    public void Explore()
    {
        foreach (var of in Cases())
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            Findings f;
            try { f = new Explorer(of).Run(); }
            catch (InvalidOperationException e) { output.WriteLine(e.Message + $" {watch.Elapsed.TotalSeconds:F1}"); output.WriteLine(e.Message + $" {watch.Elapsed.TotalSeconds:F1}"); continue; }
            output.WriteLine($"{of}: {f} in {watch.Elapsed.TotalSeconds:F1}");
        }
    }

    private static IEnumerable<Case> Cases()
    {
        yield return new Case { Name = "nofault", Workers = 2, Strategies = [None, One, Data] };
        yield return new Case { Name = "crash", Workers = 2, Strategies = [None, One, Data], WorkerCrashes = 1 };
        yield return new Case { Name = "stages crash", Workers = 3, Strategies = [None, One, Stages, Stages], WorkerCrashes = 1 };
        yield return new Case { Name = "cut", Workers = 2, Strategies = [None, One, Data], Cuts = 1 };
        yield return new Case { Name = "cut rejoin", Workers = 2, Strategies = [None, One, Data], Cuts = 1, Rejoins = true };
        yield return new Case { Name = "grain", Workers = 2, Strategies = [None, One, Data], GrainCrashes = 1 };
        yield return new Case { Name = "grain+crash", Workers = 2, Strategies = [None, One, Data], GrainCrashes = 1, WorkerCrashes = 1 };
        yield return new Case { Name = "zombie", Workers = 1, Strategies = [None, One], GrainCrashes = 1, Zombies = true };
        yield return new Case { Name = "vault", Workers = 2, Strategies = [None, One, Stages], Vault = true, WorkerCrashes = 1 };
        yield return new Case { Name = "join", Workers = 1, Joining = 1, Strategies = [None, One, Data] };
    }
}
