using System.Diagnostics;
using Parcae.Benchmarks.Processes;
using Parcae.Grains;

namespace Parcae.Benchmarks.Pause;

/// <summary>A running job that is led through planned changes.</summary>
internal sealed class PauseRun : IAsyncDisposable
{
    /// <summary>Steps that a median is taken of.</summary>
    private const int Steady = 6;

    /// <summary>First steps of the job, in which code is still being compiled.</summary>
    private const int WarmUp = 8;

    /// <summary>Commits of a new generation among which the longest gap is looked for.</summary>
    private const int Settling = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly MeasuredService _service;
    private readonly string _state, _id;
    private readonly bool _deep;
    private readonly CommitWatch _watch;

    private PauseRun(MeasuredService service, string state, bool deep, string id, CommitWatch watch) => (_service, _state, _deep, _id, _watch) = (service, state, deep, id, watch);

    /// <summary>Submits a job.</summary>
    /// <param name="service">The service.</param>
    /// <param name="state">What its state is called.</param>
    /// <param name="job">The job.</param>
    /// <param name="deep">Whether the changes of its plan are to be changes of its depth.</param>
    /// <param name="members">All instances of the fleet; none of them leaves.</param>
    public static async Task<PauseRun> StartAsync(MeasuredService service, string state, JobSpec job, bool deep, string[] members)
    {
        string id = await service.Client.SubmitAsync(job);
        return new PauseRun(service, state, deep, id, new CommitWatch(service.Grains, id, members, () => service.Usage));
    }

    /// <summary>Waits for steady training, has something done, and follows it to steady training under another plan.</summary>
    /// <param name="name">What is done.</param>
    /// <param name="grows">Whether it adds an instance, or takes one away.</param>
    /// <param name="tell">Does it; completes when the service has been told.</param>
    /// <exception cref="InvalidOperationException">The planner made something else of it.</exception>
    public async Task<PlannedChange> MeasureAsync(string name, bool grows, Func<Task> tell)
    {
        var before = await PlanAfterAsync(0);
        await _watch.ReachAsync(Math.Max(before.StartStep + 1, WarmUp) + Steady, Patience);
        int steady = _watch.Version;
        await tell();
        var (told, toldAt) = (_watch.Version, _watch.Now);
        var after = await PlanAfterAsync(before.Generation);
        string[] firstTimings = await FirstTimingsAsync(after);
        // Another generation may follow at once: the vault, say, could not follow this one.
        await _watch.ReachAsync(after.StartStep + 1 + Steady, Patience);
        var records = (await _service.Client.GetHistoryAsync(_id)).Generations.Where(g => g.Number > before.Generation).ToArray();
        var last = records[^1];
        await _watch.ReachAsync(last.AtStep + 1 + Steady, Patience);
        Check(name, grows, before, last);

        var (switchGap, _) = _watch.Step(last.AtStep);
        // The step under way when the service was told counts from then on; the change itself counts whole.
        int from = Math.Min(told, records[0].AtStep);
        var gaps = Enumerable.Range(from, last.AtStep + Settling - from).ToDictionary(s => s, s => _watch.Step(s, s < records[0].AtStep ? toldAt : 0));
        int longest = gaps.MaxBy(g => g.Value.Seconds).Key;
        var (gap, uncertainty) = gaps[longest];
        double firstStep = (await FirstStepAsync(last.AtStep)).Seconds;
        var change = new PlannedChange
        {
            Name = name,
            State = _state,
            Plans = $"{before.Pipelines} x {before.Depth} to {last.Pipelines} x {last.Depth}",
            StepBefore = _watch.Median(steady - Steady, steady),
            StepAfter = _watch.Median(last.AtStep + 1, last.AtStep + 1 + Steady),
            SwitchGap = switchGap,
            Gap = gap,
            Uncertainty = uncertainty,
            RecordedPauseAndStep = last.PauseMilliseconds / 1000 + firstStep,
            Records = records,
            FirstTimings = firstTimings,
            Gaps = [.. gaps.Values.Select(g => Math.Round(g.Seconds, 2))],
            Longest = longest - last.AtStep,
            Usage = Usage(longest, last.AtStep + Steady),
        };
        await Console.Error.WriteLineAsync(
            $"{_state}, {name}, {change.Plans}: gap {gap:F3} s (+-{uncertainty:F3}), bound {change.Bound:F3} s, ratio {change.Ratio:F2}; at the switch {switchGap:F3} s; steps {change.StepBefore:F3} and {change.StepAfter:F3} s; "
            + $"recorded: pause {last.PauseMilliseconds:F0} ms + first step {firstStep:F3} s, prepare {last.PrepareMilliseconds:F0} ms, commit {last.CommitMilliseconds:F1} ms, {last.BytesMoved} bytes from {last.Source}");
        await Console.Error.WriteLineAsync(FormattableString.Invariant($"    between commits: {string.Join(" ", change.Gaps)}; the longest {-change.Longest} steps before the switch"));
        foreach (string timing in firstTimings.Concat(change.Usage)) await Console.Error.WriteLineAsync($"    {timing}");
        return change;
    }

    /// <summary>Ends the job and waits until it has given its instances back.</summary>
    public async Task EndAsync()
    {
        await _watch.DisposeAsync();
        await _service.Client.CancelAsync(_id);
        await _service.FleetAsync(fleet => fleet.Instances.All(i => i.JobId != _id), $"{_id} holds no instance");
    }

    public ValueTask DisposeAsync() => _watch.DisposeAsync();

    private async Task<GenerationPlan> PlanAfterAsync(int generation)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < Patience; await Task.Delay(50, _service.Failed))
        {
            var status = await _service.Client.GetStatusAsync(_id);
            if (status is { Phase: JobPhase.Training, Plan: { } plan } && plan.Generation > generation) return plan;
            if (status.Phase == JobPhase.Failed) throw new InvalidOperationException($"{_id} failed: {status.Reason}");
        }

        throw new TimeoutException($"{_id} did not train in a generation after {generation} within {Patience.TotalSeconds:0} s.");
    }

    /// <summary>Where the time of the first step went, as each replica told it first; a step or two later where reports were late.</summary>
    private async Task<string[]> FirstTimingsAsync(GenerationPlan plan)
    {
        var first = new SortedDictionary<string, StageTiming>(StringComparer.Ordinal);
        for (var waited = Stopwatch.StartNew(); first.Count < plan.Places.Length; await Task.Delay(50, _service.Failed))
        {
            if (waited.Elapsed > Patience) throw new TimeoutException($"Only {string.Join(", ", first.Keys)} told of the first step of generation {plan.Generation} within {Patience.TotalSeconds:0} s.");
            foreach (var (id, timing) in (await _service.Client.GetStatusAsync(_id)).StageTimings)
            {
                if (timing.Steps > 0 && plan.Of(id) is not null) first.TryAdd(id, timing);
            }
        }

        return [.. first.Select(f => FormattableString.Invariant(
            $"{f.Key}, stage {f.Value.Stage}, {f.Value.Steps} steps: busy {f.Value.BusySeconds:F2} s, waited for stages {f.Value.PipelineWaitSeconds:F2}, replicas {f.Value.ReduceWaitSeconds:F2}, barrier {f.Value.BarrierWaitSeconds:F2}"))];
    }

    /// <summary>What the worker processes used in a step, beside another one.</summary>
    private string[] Usage(int step, int another)
    {
        var later = _watch.Usage(another);
        return [.. _watch.Usage(step).Select(u => $"{u.Key}: in the longest gap {u.Value}; in a later step {later[u.Key]}")];
    }

    /// <summary>The step as the worker that leads reported it; that takes a moment.</summary>
    private async Task<StepResult> FirstStepAsync(int step)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < Patience; await Task.Delay(50, _service.Failed))
        {
            if ((await _service.Client.GetHistoryAsync(_id, step)).Steps is [var first, ..] && first.Step == step) return first;
        }

        throw new TimeoutException($"Step {step} of {_id} was not reported within {Patience.TotalSeconds:0} s.");
    }

    /// <summary>What is measured is a change of the number of places, with the depth or without: the planner must have taken it so.</summary>
    private void Check(string name, bool grows, GenerationPlan before, GenerationRecord after)
    {
        int places = after.Pipelines * after.Depth;
        bool fits = (grows ? places > before.Places.Length : places < before.Places.Length) && _deep == (after.Depth != before.Depth);
        if (!fits)
        {
            throw new InvalidOperationException(
                $"'{name}' led from {before.Pipelines} x {before.Depth} to {after.Pipelines} x {after.Depth}; it should have led to {(grows ? "more" : "fewer")} places at {(_deep ? "another" : "the same")} depth.");
        }
    }
}
