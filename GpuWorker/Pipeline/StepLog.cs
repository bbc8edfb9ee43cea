using Parcae.Grains;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>Results of the last steps that passed the commit barrier here. Thread-safe.</summary>
internal sealed class StepLog(int capacity = 8192)
{
    private readonly SortedDictionary<int, StepResult> _results = [];

    /// <summary>Adds a result; a step that is run again replaces itself and everything after it.</summary>
    public void Add(StepResult result)
    {
        lock (_results)
        {
            foreach (int later in _results.Keys.Where(s => s > result.Step).ToArray()) _results.Remove(later);
            _results[result.Step] = result;
            if (_results.Count > capacity) _results.Remove(_results.Keys.First());
        }
    }

    /// <summary>Results from <paramref name="step"/> on, in order.</summary>
    public StepResult[] From(int step)
    {
        lock (_results) return [.. _results.Values.Where(r => r.Step >= step)];
    }

    /// <summary>Forgets everything from <paramref name="step"/> on: the job went back to that version.</summary>
    public void RollBack(int step)
    {
        lock (_results)
        {
            foreach (int later in _results.Keys.Where(s => s >= step).ToArray()) _results.Remove(later);
        }
    }
}
