using System.Diagnostics;
using Parcae.Grains;
using Parcae.Grains.Profiling;

namespace Parcae.Silo.Profiling;

/// <summary>Trains a few steps with a strategy, as a job would, and takes their time.</summary>
internal sealed class StrategyRun(JobSpec spec, byte[] secret, IReadOnlyList<ProfileChild> workers)
{
    /// <summary>Steps that are run first and not counted, and those whose median counts.</summary>
    public const int WarmUp = 2, Counted = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>How long the workers took to connect.</summary>
    public double ConnectMs { get; private set; }

    /// <summary>Runs it.</summary>
    /// <param name="generation">A number that was not used before.</param>
    /// <param name="pipelines">D.</param>
    /// <param name="stages">The layers of each stage.</param>
    /// <param name="limit">The longest that all steps together may take.</param>
    /// <exception cref="ProfileException">A worker failed, or it took longer.</exception>
    public async Task<StrategyTime> RunAsync(int generation, int pipelines, LayerRange[] stages, TimeSpan limit)
    {
        string job = $"profile-{pipelines}x{stages.Length}";
        var members = workers.Take(pipelines * stages.Length).ToArray();
        var plan = new GenerationPlan
        {
            JobId = job,
            Generation = generation,
            Pipelines = pipelines,
            Depth = stages.Length,
            Stages = stages,
            Places = [.. members.Select((m, i) => new Place(i / stages.Length, i % stages.Length, m.Endpoint))],
            StartStep = 0,
        };
        var command = new PrepareCommand
        {
            Plan = plan,
            Spec = spec with { Training = spec.Training with { Steps = WarmUp + Counted, Vault = false, EvaluateEvery = 0 } },
            Salt = secret,
            Sources = [.. Enumerable.Range(0, stages[^1].End).Select(layer => new LayerSource(layer, []))],
        };
        var steps = new SortedDictionary<int, double>();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var member in members)
        {
            member.Failed = why => done.TrySetException(new ProfileException(why));
            member.Reported = report =>
            {
                lock (steps)
                {
                    foreach (var result in report.Results) steps[result.Step] = result.Seconds;
                    if (steps.Count == WarmUp + Counted) done.TrySetResult();
                }
            };
        }

        // Forgets what the worker had resident before.
        await Task.WhenAll(members.Select(m => m.CallAsync<long>(ProfileCalls.Release, job, Patience)));
        var prepared = await Task.WhenAll(members.Select(m => m.CallAsync<PrepareReport>(ProfileCalls.Prepare, command, Patience)));
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(members.Select(m => m.CallAsync<bool>(ProfileCalls.Switch, new SwitchCommand(job, generation, 0), Patience)));
        ConnectMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        try
        {
            await done.Task.WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            throw new ProfileException($"{WarmUp + Counted} steps of {pipelines} x {stages.Length} took longer than {limit.TotalSeconds:0} s; give it fewer --max-pipelines or a smaller --max-depth or --step-budget.");
        }

        var peaks = await Task.WhenAll(members.Select(m => m.CallAsync<long>(ProfileCalls.Release, job, Patience)));
        foreach (var member in members) (member.Failed, member.Reported) = (_ => { }, _ => { });
        var counted = steps.Where(s => s.Key >= WarmUp).Select(s => s.Value).Order().ToArray();
        return new StrategyTime(pipelines, stages.Length, counted[Counted / 2], prepared.Max(p => p.Milliseconds), peaks.Max());
    }
}
