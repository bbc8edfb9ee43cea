using Parcae.Cli.Chaos;
using Parcae.Cli.Commands;
using Parcae.Cli.Demo.Processes;
using Parcae.Cli.Demo.Results;
using Parcae.Client;
using Parcae.Grains;

namespace Parcae.Cli.Demo;

/// <summary>The faults of <c>demo --chaos N</c>: spread over the replay; whoever is killed or hangs is replaced, so that the run goes on.</summary>
internal sealed class DemoChaos(DemoSetting setting, DemoFleet fleet, DemoProgress progress) : IChaosListener
{
    private static readonly TimeSpan LeastPatience = TimeSpan.FromSeconds(5);

    private readonly DemoOptions _options = setting.Options;
    private readonly FaultRecord[] _before = setting.State.State.Faults;
    private ChaosRun? _run;

    /// <summary>What came of it, or null when no faults were asked for.</summary>
    public ChaosResult? Result => _options.Chaos == 0 ? null : ChaosResult.Of([.. _before, .. _run?.Faults ?? []]);

    private int Left => _options.Chaos - _before.Length;

    /// <summary>Orders the faults; returns when all are over, or the job is.</summary>
    /// <exception cref="CommandFailedException">The job did not recover from one.</exception>
    public async Task RunAsync(IParcaeClient client, string jobId, CancellationToken cancellation)
    {
        if (Left <= 0) return;
        var whole = setting.Replay.Counts.Count * _options.Interval;
        // Half of the time is for the faults themselves.
        var interval = whole / (2 * Left + 1);
        var chaos = new ChaosSetting
        {
            Faults = Left,
            Interval = interval,
            // The trace changes something every few intervals.
            Patience = TimeSpan.FromTicks(Math.Max(LeastPatience.Ticks, 3 * _options.Interval.Ticks)),
            WaitsOutPauses = true,
        };
        var draws = new FaultDraws(_options.Seed + setting.State.State.Resumed, FaultNames.Points, FaultNames.Kinds);
        _run = new ChaosRun(client, jobId, draws, chaos, this, TimeProvider.System);
        await Task.Delay(interval, cancellation).ConfigureAwait(false);
        await _run.RunAsync(cancellation).ConfigureAwait(false);
        if (_run.Stopped is not { } why) return;
        var status = await client.GetStatusAsync(jobId, cancellation).ConfigureAwait(false);
        if (status.Phase != JobPhase.Completed) throw new CommandFailedException($"--chaos: after fault {_run.Faults.Count} {why}. Logs: {setting.Folder.Logs}");
    }

    /// <inheritdoc/>
    public void Ordering(int number, string instance, FaultOrder order)
    {
        if (order.Kind == FaultKind.Kill) fleet.ExpectEnd(instance);
        progress.Event(DemoEventKind.Cloud, $"fault {_before.Length + number} of {_options.Chaos}: {FaultNames.Of(order.Kind)} at {FaultNames.Of(order.Point)} on {instance}");
    }

    /// <inheritdoc/>
    public void Over(FaultRecord fault)
    {
        setting.State.Change(s => s with { Faults = [.. s.Faults, fault with { Number = _before.Length + fault.Number }] });
        progress.Event(DemoEventKind.Cloud, $"fault {_before.Length + fault.Number} of {_options.Chaos}: {ChaosTables.Outcome(fault)}");
        // The vault is no worker: the fleet does not know it.
        if (fault is { Struck: true, Instance: { } hung } && fault.Kind == FaultNames.Of(FaultKind.Hang)) fleet.Replace(hung);
    }

    /// <inheritdoc/>
    public bool TookAway(string instance) => fleet.TookAway(instance);
}
