using Parcae.Cli.Commands;
using Parcae.Grains;

namespace Parcae.Cli.Chaos;

/// <summary>A fault that was drawn; who it is for depends on who is there when its turn comes.</summary>
/// <param name="Order">The fault.</param>
/// <param name="Lot">Which of the members, as a share of their list: [0, 1).</param>
internal readonly record struct DrawnFault(FaultOrder Order, double Lot)
{
    /// <summary>Whom it strikes.</summary>
    /// <param name="members">Who could be struck, in an order that does not change by itself; not empty.</param>
    public string Choose(IReadOnlyList<string> members) => members[(int)(Lot * members.Count)];
}

/// <summary>
/// Draws faults: a pure function of the seed, the points and the kinds. Every pair of a point and a kind comes once, in a random order, before one comes again.
/// A kill of the state vault is never drawn: it shares its process with the control silo.
/// </summary>
internal sealed class FaultDraws
{
    /// <summary>At most at which passage of its point a fault strikes.</summary>
    public const int MostPassages = 3;

    private readonly Random _random;
    private readonly (FaultPoint Point, FaultKind Kind)[] _pairs;
    private int _next;

    /// <summary>Begins to draw.</summary>
    /// <param name="seed">Fixes every draw.</param>
    /// <param name="points">The points.</param>
    /// <param name="kinds">The kinds.</param>
    /// <exception cref="UsageException">No pair of the points and kinds can be drawn.</exception>
    public FaultDraws(int seed, IReadOnlyList<FaultPoint> points, IReadOnlyList<FaultKind> kinds)
    {
        _random = new Random(seed);
        _pairs = [.. from point in points from kind in kinds where IsDrawn(point, kind) select (point, kind)];
        if (_pairs.Length == 0)
            throw new UsageException("--kinds: kill is not drawn for vault-apply, as the vault shares its process with the control silo; name another kind or point.");
        _next = _pairs.Length;
    }

    /// <summary>Pairs of a point and a kind that are drawn.</summary>
    public int Pairs => _pairs.Length;

    /// <summary>The next fault.</summary>
    public DrawnFault Next()
    {
        if (_next == _pairs.Length)
        {
            _random.Shuffle(_pairs);
            _next = 0;
        }

        var (point, kind) = _pairs[_next++];
        // Changes of plan are rare: who waits for the third would wait for long.
        int passages = point is FaultPoint.MidSwitch or FaultPoint.MidTransfer ? 1 : _random.Next(1, MostPassages + 1);
        return new DrawnFault(new FaultOrder(point, kind, passages), _random.NextDouble());
    }

    private static bool IsDrawn(FaultPoint point, FaultKind kind) => (point, kind) != (FaultPoint.VaultApply, FaultKind.Kill);
}
