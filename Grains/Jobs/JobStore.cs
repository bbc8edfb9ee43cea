using Orleans.Storage;
using Parcae.Grains.Jobs.Ledger;
using Parcae.Grains.Storage;

namespace Parcae.Grains.Jobs;

/// <summary>Some step results in a row, as stored.</summary>
[GenerateSerializer, Alias("parcae.StepChunk")]
internal sealed class StepChunk
{
    /// <summary>The results by step; null where none is known.</summary>
    [Id(0)] public List<StepResult?> Results { get; set; } = [];
}

/// <summary>
/// Makes a job durable: its state, and in chunks of their own what grows as long as it trains, so that a long run does not write its whole past again and again. One writer at a time, for all who ask before it begins;
/// what is in chunks is written before the counters that speak of it, so that a loss in between only leaves entries that count as set aside, or are dropped.
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

    /// <summary>Every generation that was committed, oldest first.</summary>
    public ChunkedList<GenerationRecord> Generations { get; } = new(chunks, grain, "generations", 64);

    /// <summary>Every interval, oldest first.</summary>
    public ChunkedList<IntervalRecord> Intervals { get; } = new(chunks, grain, "intervals", 256);

    /// <summary>The last interval; null before the first.</summary>
    public IntervalRecord? LastInterval => Intervals.Count == 0 ? null : Intervals[Intervals.End - 1];

    /// <summary>Results below this step are in storage.</summary>
    public int DurableSteps { get; private set; }

    /// <summary>Reads the step results of a job that exists.</summary>
    /// <exception cref="StateTooNewException">A newer version has written it.</exception>
    public async Task Load()
    {
        if (State.Spec is null)
        {
            StateSchema.Upgrade(state, Owner, _ => { });
            return;
        }

        await Generations.Load(0);
        await Intervals.Load(0);
        StateSchema.Upgrade(state, Owner, TakeLists);
        Generations.Truncate(State.GenerationCount);
        Intervals.Truncate(State.IntervalCount);
        // A state that was written just when it was committed.
        if (State.LastGeneration is { } last && (Generations.Count == 0 || Generations[Generations.End - 1].Number < last.Number)) Generations.Add(last);
        var book = Open();
        // One that the state does not speak of yet counts too: it was written just before, and can only be written again by who has read it.
        for (int chunk = 0; ; chunk++)
        {
            await chunks.ReadStateAsync(Name(chunk), grain, Chunk(chunk));
            if (!_chunks[chunk].RecordExists && chunk * ChunkLength >= State.StoredSteps) break;
            while (book.Length < chunk * ChunkLength) book.Load(null);
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
    public Task Save() => _writing.RunTogether(Write);

    /// <summary>Adds a generation.</summary>
    public void Add(GenerationRecord generation)
    {
        Generations.Add(generation);
        State.LastGeneration = generation;
    }

    /// <summary>Changes the last generation.</summary>
    public void Amend(GenerationRecord generation) => Generations[Generations.End - 1] = State.LastGeneration = generation;

    /// <summary>Keeps how a generation came about, in a record of its own: nobody needs it but who asks.</summary>
    public Task Keep(ReconfigurationRecord reconfiguration) =>
        chunks.WriteStateAsync(ReconfigurationName(reconfiguration.Generation), grain, new GrainState<ReconfigurationRecord>(reconfiguration));

    /// <summary>How a generation came about; null: it was not kept.</summary>
    public async Task<ReconfigurationRecord?> Reconfiguration(int generation)
    {
        var stored = new GrainState<ReconfigurationRecord>();
        await chunks.ReadStateAsync(ReconfigurationName(generation), grain, stored);
        return stored.RecordExists ? stored.State : null;
    }

    private static string ReconfigurationName(int generation) => $"reconfiguration-{generation:D6}";

    private string Owner => $"job '{grain.Key}'";

    /// <summary>From rules 0, by which the lists were part of the state.</summary>
    private void TakeLists(JobState old)
    {
        Generations.Truncate(0);
        Intervals.Truncate(0);
        foreach (var generation in old.Generations) Add(generation);
        foreach (var interval in old.Intervals) Intervals.Add(interval);
        (old.GenerationCount, old.IntervalCount) = (Generations.End, Intervals.End);
        old.Generations.Clear();
        old.Intervals.Clear();
    }

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

        // What was added meanwhile is not spoken of yet.
        var (generations, intervals, length) = (Generations.End, Intervals.End, book.Length);
        await Generations.Save();
        await Intervals.Save();
        (State.GenerationCount, State.IntervalCount, State.StoredSteps) = (generations, intervals, length);
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
