namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>One thing that may call for a new generation.</summary>
/// <param name="Text">For people.</param>
/// <param name="InstanceId">Whom it is about, or null.</param>
/// <param name="TraceParent">W3C trace context of the report, or null.</param>
/// <param name="At">When it was heard of.</param>
/// <param name="Important">Whether it is to be named whoever it is about; other causes count only when they are about a member of the plan.</param>
internal sealed record Cause(string Text, string? InstanceId, string? TraceParent, DateTimeOffset At, bool Important);

/// <summary>What has happened since the last generation was settled.</summary>
internal sealed class Causes
{
    private readonly List<Cause> _pending = [];

    /// <summary>Everything pending, oldest first.</summary>
    public IReadOnlyList<Cause> Pending => _pending;

    /// <summary>Adds a cause, unless the same was said of the same instance already.</summary>
    public void Add(Cause cause)
    {
        if (!_pending.Any(c => c.InstanceId == cause.InstanceId && c.Text == cause.Text)) _pending.Add(cause);
    }

    /// <summary>Forgets those causes, which have been dealt with.</summary>
    public void Settle(IEnumerable<Cause> dealtWith)
    {
        foreach (var cause in dealtWith.ToArray()) _ = _pending.Remove(cause);
    }

    /// <summary>An availability event as a cause.</summary>
    public static Cause From(AvailabilityEvent e) => new(
        e.Kind switch
        {
            AvailabilityKind.Joined when e.Role == InstanceRole.Vault => $"vault {e.InstanceId} joined",
            AvailabilityKind.Joined => $"{e.InstanceId} joined",
            AvailabilityKind.Shared => "another share of the fleet",
            AvailabilityKind.Noticed => $"{e.InstanceId} leaves (notice)",
            _ => e.Announced ? $"{e.InstanceId} lost after its notice" : $"{e.InstanceId} lost without notice",
        },
        e.Kind == AvailabilityKind.Shared ? null : e.InstanceId,
        e.TraceParent,
        e.At,
        e.Kind is AvailabilityKind.Joined or AvailabilityKind.Shared);

    /// <summary>One sentence for people out of <paramref name="causes"/>: what happened to members of the plan, else what else happened.</summary>
    /// <param name="causes">The causes, oldest first.</param>
    /// <param name="isMember">Whether an instance is in the plan that is given up.</param>
    /// <param name="otherwise">What to say when nothing happened.</param>
    public static string Describe(IEnumerable<Cause> causes, Func<string, bool> isMember, string otherwise)
    {
        var all = causes.ToArray();
        var members = all.Where(c => c.InstanceId is not null && isMember(c.InstanceId)).ToArray();
        var named = members.Length > 0 ? members : all.Where(c => c.Important).ToArray();
        return named.Length == 0 ? otherwise : string.Join(", ", named.GroupBy(c => c.InstanceId ?? c.Text).Select(g => g.Last().Text));
    }
}
