namespace Parcae.Grains.Jobs.Ledger;

/// <summary>Counters of a ledger that its entries cannot tell.</summary>
[GenerateSerializer, Alias("parcae.LedgerCounters")]
internal sealed class LedgerCounters
{
    /// <summary>Steps 0 .. Committed-1 are done.</summary>
    [Id(0)] public int Committed { get; set; }

    /// <summary>Steps that were done and had to be run again.</summary>
    [Id(1)] public int Replayed { get; set; }

    /// <summary>Replayed steps that came out differently.</summary>
    [Id(2)] public int Mismatches { get; set; }

    /// <summary>Samples of steps that two workers of one generation report differently.</summary>
    [Id(3)] public long Contradicted { get; set; }

    /// <summary>Steps below were settled when the last generation began: what is missing there nobody knows any more.</summary>
    [Id(4)] public int Settled { get; set; }
}

/// <summary>
/// The results of a job's steps and the accounts drawn from them. Entries below <see cref="Committed"/> are in the state; entries from there on were set
/// aside when the job fell back, and are compared bit for bit when their steps are run again.
/// </summary>
internal sealed class LedgerBook(int globalBatch, LedgerCounters counters)
{
    private readonly List<StepResult?> _entries = [];
    private JobLedger? _accounts;
    private double? _validationLoss;

    /// <summary>Steps 0 .. Committed-1 are done.</summary>
    public int Committed => counters.Committed;

    /// <summary>One past the last step with an entry, set aside or not.</summary>
    public int Length => _entries.Count;

    /// <summary>The first step from which on results are still wanted.</summary>
    public int FirstMissing
    {
        get
        {
            int step = Math.Min(counters.Settled, Committed);
            while (step < Committed && _entries[step] is not null) step++;
            return step;
        }
    }

    /// <summary>The last validation loss among the committed steps, or null.</summary>
    public double? ValidationLoss
    {
        get
        {
            Accounts();
            return _validationLoss;
        }
    }

    /// <summary>The result of a step, committed or set aside, or null.</summary>
    public StepResult? this[int step] => step >= 0 && step < _entries.Count ? _entries[step] : null;

    /// <summary>Takes up an entry from storage.</summary>
    public void Load(StepResult? entry)
    {
        _entries.Add(entry);
        _accounts = null;
    }

    /// <summary>Makes room for what storage should hold but does not: entries that were lost.</summary>
    public void PadToCommitted()
    {
        while (_entries.Count < Committed) Load(null);
    }

    /// <summary>Enters the result of a step of the current generation, which is committed by it. Returns whether that is news.</summary>
    public bool Commit(StepResult result)
    {
        int step = result.Step;
        while (_entries.Count <= step) _entries.Add(null);
        var known = _entries[step];
        if (step < Committed)
        {
            if (known is { } before && Same(before, result))
            {
                // Not every replica knows what the validation loss was.
                if (before.ValidationLoss is not null || result.ValidationLoss is null) return false;
                _entries[step] = before with { ValidationLoss = result.ValidationLoss };
                _accounts = null;
                return true;
            }

            if (known is null) _entries[step] = result;
            else counters.Contradicted += result.Samples;
            _accounts = null;
            return known is null;
        }

        if (known is { } first && !Same(first, result)) counters.Mismatches++;
        _entries[step] = result with { ValidationLoss = result.ValidationLoss ?? known?.ValidationLoss };
        counters.Committed = step + 1;
        _accounts = null;
        return true;
    }

    /// <summary>Goes back to <paramref name="version"/>: later entries are set aside. Returns how many steps have to be run again.</summary>
    public int FallBack(int version)
    {
        int again = Math.Max(0, Committed - version);
        counters.Replayed += again;
        counters.Committed = version;
        counters.Settled = version;
        PadToCommitted();
        _accounts = null;
        return again;
    }

    /// <summary>The accounts.</summary>
    public JobLedger Accounts()
    {
        if (_accounts is not null) return _accounts;
        long committed = 0, lost = 0, repeated = counters.Contradicted;
        int skipped = 0;
        _validationLoss = null;
        var seen = new HashSet<ulong>(Committed);
        for (int step = 0; step < Committed; step++)
        {
            if (_entries[step] is not { } entry)
            {
                lost += globalBatch;
                continue;
            }

            if (entry.Skipped) skipped++;
            _validationLoss = entry.ValidationLoss ?? _validationLoss;
            committed += entry.Samples;
            lost += Math.Max(0, globalBatch - entry.Samples);

            // The checksum covers sample numbers: two steps can only share it by running the same samples.
            repeated += seen.Add(entry.DataChecksum) ? Math.Max(0, entry.Samples - globalBatch) : entry.Samples;
        }

        return _accounts = new JobLedger
        {
            SamplesCommitted = committed,
            SamplesLost = lost,
            SamplesRepeated = repeated,
            StepsReplayed = counters.Replayed,
            ReplayMismatches = counters.Mismatches,
            StepsSkipped = skipped,
        };
    }

    /// <summary>Committed steps from <paramref name="from"/> on, in order.</summary>
    public StepResult[] Steps(int from)
    {
        var steps = new List<StepResult>(Math.Max(0, Committed - from));
        for (int step = Math.Max(0, from); step < Committed; step++)
        {
            if (_entries[step] is { } entry) steps.Add(entry);
        }

        return [.. steps];
    }

    // Bit for bit, so that two results that are not numbers compare too; the wall time differs from worker to worker, and not all know the validation loss.
    private static bool Same(StepResult a, StepResult b) =>
        BitConverter.DoubleToInt64Bits(a.Loss) == BitConverter.DoubleToInt64Bits(b.Loss) &&
        BitConverter.DoubleToInt64Bits(a.GradientNorm) == BitConverter.DoubleToInt64Bits(b.GradientNorm) &&
        a.DataChecksum == b.DataChecksum && a.Samples == b.Samples &&
        (a.ValidationLoss is not { } va || b.ValidationLoss is not { } vb || BitConverter.DoubleToInt64Bits(va) == BitConverter.DoubleToInt64Bits(vb));
}
