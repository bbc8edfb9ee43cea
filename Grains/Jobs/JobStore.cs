using Orleans.Storage;
using Parcae.Grains.Jobs.Ledger;

namespace Parcae.Grains.Jobs;

/// <summary>Some step results in a row, as stored.</summary>
[GenerateSerializer, Alias("parcae.StepChunk")]
internal sealed class StepChunk
{
    /// <summary>The results by step; null where none is known.</summary>
    [Id(0)] public List<StepResult?> Results { get; set; } = [];
}

/// <summary>
/// Makes a job durable: its state, and its step results in chunks of their own, so that a long run does not write its whole past again and again.
/// One writer at a time; the results are written before the counters that speak of them, so that a loss in between only leaves entries that count as set aside.
/// </summary>
internal sealed class JobStore(IPersistentState<JobState> state, IGrainStorage chunks, GrainId grain)
{
    internal const int ChunkLength = 512;

    private readonly Turns _writing = new();
    private readonly List<GrainState<StepChunk>> _chunks = [];
    private readonly HashSet<int> _changed = [];

    /// <summary>The job's state.</summary>
    public JobState State => state.State;

    /// <summary>The job's ledger; null before the job is submitted.</summary>
    public LedgerBook? Book { get; private set; }

    /// <summary>Results below this step are in storage.</summary>
    public int DurableSteps { get; private set; }

    /// <summary>Reads the step results of a job that exists.</summary>
    public async Task Load()
    {
        if (State.Spec is null) return;
        var book = Open();
        for (int chunk = 0; chunk * ChunkLength < State.StoredSteps; chunk++)
        {
            while (book.Length < chunk * ChunkLength) book.Load(null);
            await chunks.ReadStateAsync(Name(chunk), grain, Chunk(chunk));
            foreach (var result in _chunks[chunk].State?.Results ?? []) book.Load(result);
        }

        book.PadToCommitted();
        DurableSteps = book.FirstMissing;
    }

    /// <summary>Begins an empty ledger for the job that was just submitted.</summary>
    public LedgerBook Open() => Book = new LedgerBook(State.Spec!.Training.GlobalBatch, State.Ledger);

    /// <summary>Notes that the result of a step has to be written.</summary>
    public void Touch(int step) => _changed.Add(step / ChunkLength);

    /// <summary>Makes everything durable that happened before the call.</summary>
    public Task Save() => _writing.Run(Write);

    private async Task Write()
    {
        var book = Book ?? throw new InvalidOperationException("There is nothing to save before the job is submitted.");
        var changed = _changed.Order().ToArray();
        _changed.Clear();
        int durable = book.FirstMissing;
        try
        {
            foreach (int chunk in changed)
            {
                var stored = Chunk(chunk);
                int first = chunk * ChunkLength;
                var steps = Enumerable.Range(first, Math.Min(ChunkLength, book.Length - first));
                stored.State = new StepChunk { Results = [.. steps.Select(step => book[step])] };
                await chunks.WriteStateAsync(Name(chunk), grain, stored);
            }
        }
        catch
        {
            _changed.UnionWith(changed);
            throw;
        }

        State.StoredSteps = book.Length;
        await state.WriteStateAsync();
        DurableSteps = durable;
    }

    private static string Name(int chunk) => $"steps-{chunk:D6}";

    private GrainState<StepChunk> Chunk(int chunk)
    {
        while (_chunks.Count <= chunk) _chunks.Add(new GrainState<StepChunk>(new StepChunk()));
        return _chunks[chunk];
    }
}
