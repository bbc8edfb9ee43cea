namespace Parcae.Grains.Fleet.Sharing;

/// <summary>A claim while the shares are being dealt.</summary>
internal sealed class Dealt(JobClaim claim, int held)
{
    /// <summary>What an instance is worth more to the job that holds it: to take it away costs a migration, and shares must not swing with every forecast.</summary>
    private const double Reluctance = 0.2;

    private readonly Stack<int> _steps = [];

    public JobClaim Claim => claim;

    /// <summary>Instances that it holds.</summary>
    public int Held => held;

    /// <summary>The fewest instances that are of any use to it.</summary>
    public int Minimum { get; } = Math.Max(1, Math.Max(claim.Least, claim.Sharing.MinInstances));

    /// <summary>What it has been dealt so far.</summary>
    public int Share { get; set; }

    /// <summary>
    /// The next instances that are worth most, each: some at once, as a pipeline takes as many as it has stages and fewer may add nothing.
    /// </summary>
    /// <param name="room">The most that it may be given.</param>
    public (int More, double Each) Next(int room)
    {
        if (room <= 0) return (0, 0);
        while (_steps.TryPeek(out int passed) && passed <= Share) _steps.Pop();
        if (!_steps.TryPeek(out int next) || next > Share + room) Climb(Share + room);
        int to = _steps.Peek();
        // Rounded, so that equals are equal.
        return (to - Share, Math.Round((Value(to) - Value(Share)) / (to - Share), 12));
    }

    /// <summary>The corners of the smallest concave curve over the values from the present share to a limit, the lowest on top.</summary>
    private void Climb(int limit)
    {
        _steps.Clear();
        double[] values = [.. Enumerable.Range(Share, limit - Share + 1).Select(Value)];
        // From the far end on, so that the stack ends with the near one.
        for (int at = values.Length - 1; at >= 0; at--)
        {
            while (_steps.Count >= 2)
            {
                int near = _steps.Pop() - Share, far = _steps.Peek() - Share;
                // What lies on the line or under it is no corner.
                if ((values[near] - values[at]) * (far - near) <= (values[far] - values[near]) * (near - at)) continue;
                _steps.Push(near + Share);
                break;
            }

            _steps.Push(at + Share);
        }

        _steps.Pop();
    }

    /// <summary>Weighted logarithm of the job's worth with so many instances, more where it holds them.</summary>
    private double Value(int instances)
    {
        double value = claim.Sharing.Weight * Math.Log(Shares.Worth(claim, instances));
        int kept = Math.Min(instances, held);
        return kept > Minimum ? value + (Reluctance * claim.Sharing.Weight * Math.Log(Shares.Worth(claim, kept) / Shares.Worth(claim, Minimum))) : value;
    }
}
