using Parcae.Grains;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>Results of the last steps that passed the commit barrier here, or of which others told. Thread-safe.</summary>
internal sealed class StepLog(int capacity = 8192)
{
    // By step, ascending.
    private readonly List<StepResult> _results = [];

    /// <summary>Adds a result; a step that is run again replaces itself and everything after it.</summary>
    public void Add(StepResult result)
    {
        lock (_results)
        {
            RollBack(result.Step);
            _results.Add(result);
            // Not one by one: all that are left move.
            if (_results.Count > 2 * capacity) _results.RemoveRange(0, _results.Count - capacity);
        }
    }

    /// <summary>Adds what others have told. Nothing is forgotten: who tells need not know of all that is held here.</summary>
    public void Learn(IReadOnlyList<StepResult> told)
    {
        if (told.Count == 0) return;
        lock (_results)
        {
            StepResult[] all = [.. told.UnionBy(_results, r => r.Step).OrderBy(r => r.Step)];
            _results.Clear();
            _results.AddRange(all);
        }
    }

    /// <summary>Results from <paramref name="step"/> on, in order; the last 8192 of them at least.</summary>
    public StepResult[] From(int step)
    {
        lock (_results) return [.. _results.SkipWhile(r => r.Step < step)];
    }

    /// <summary>Results from <paramref name="from"/> up to, not including, <paramref name="to"/>, in order.</summary>
    public StepResult[] Between(int from, int to)
    {
        lock (_results) return [.. _results.Where(r => r.Step >= from && r.Step < to)];
    }

    /// <summary>Forgets everything from <paramref name="step"/> on: the job went back to that version.</summary>
    public void RollBack(int step)
    {
        lock (_results)
        {
            int kept = _results.Count;
            while (kept > 0 && _results[kept - 1].Step >= step) kept--;
            _results.RemoveRange(kept, _results.Count - kept);
        }
    }
}
