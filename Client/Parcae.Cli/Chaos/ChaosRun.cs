using Parcae.Cli.Commands;
using Parcae.Client;
using Parcae.Grains;

namespace Parcae.Cli.Chaos;

/// <summary>Orders drawn faults on the members of a job, one after the other, each when the job has recovered from the one before.</summary>
internal sealed class ChaosRun(IParcaeClient client, string jobId, FaultDraws draws, ChaosSetting setting, IChaosListener listener, TimeProvider time)
{
    private readonly List<FaultRecord> _faults = [];
    private Task<WorkerStatus>? _asked;
    private long _unhurt;
    private int _struck;

    /// <summary>Faults so far, in order.</summary>
    public IReadOnlyList<FaultRecord> Faults => _faults;

    /// <summary>Why it stopped before all faults were ordered, or null.</summary>
    public string? Stopped { get; private set; }

    /// <summary>Orders the faults. Stops early, and says why in <see cref="Stopped"/>, when the job ends, pauses, or does not recover.</summary>
    /// <exception cref="CommandFailedException">An instance takes no faults.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        for (int number = 1; number <= setting.Faults; number++)
        {
            if (number > 1) await Task.Delay(setting.Interval, time, cancellation).ConfigureAwait(false);
            if (await TrainingAsync(cancellation).ConfigureAwait(false) is not { } status) return;
            var fault = await FaultAsync(number, draws.Next(), status, cancellation).ConfigureAwait(false);
            _faults[^1] = fault;
            listener.Over(fault);
            if (Stopped is not null) return;
        }
    }

    /// <summary>Waits until the job trains; null where it will not.</summary>
    private async Task<JobStatus?> TrainingAsync(CancellationToken cancellation)
    {
        for (long begin = time.GetTimestamp(); ; await Task.Delay(setting.Every, time, cancellation).ConfigureAwait(false))
        {
            var status = await client.GetStatusAsync(jobId, cancellation).ConfigureAwait(false);
            if (status is { Phase: JobPhase.Training, Plan: not null }) return status;
            if (Ends(status, begin)) return null;
        }
    }

    private async Task<FaultRecord> FaultAsync(int number, DrawnFault drawn, JobStatus status, CancellationToken cancellation)
    {
        int generation = status.Plan!.Generation;
        var fault = new FaultRecord
        {
            Number = number,
            Point = FaultNames.Of(drawn.Order.Point),
            Kind = FaultNames.Of(drawn.Order.Kind),
            Outcome = FaultOutcome.NotReached,
            GenerationBefore = generation,
            GenerationAfter = generation,
        };
        // Counted from the first; whoever cancels the run may see it like this.
        _faults.Add(fault with { Outcome = FaultOutcome.Ended });
        if (await CandidatesAsync(drawn.Order.Point, status.Plan, cancellation).ConfigureAwait(false) is not { Count: > 0 } candidates) return fault;
        string instance = drawn.Choose(candidates);
        listener.Ordering(number, instance, drawn.Order);
        fault = fault with { Instance = instance, Outcome = await StrikeAsync(instance, drawn.Order, cancellation).ConfigureAwait(false) };
        return await RideOutAsync(fault, cancellation).ConfigureAwait(false);
    }

    /// <summary>Who could be struck at a point, by id: members without a notice, or the vault.</summary>
    private async Task<IReadOnlyList<string>> CandidatesAsync(FaultPoint point, GenerationPlan plan, CancellationToken cancellation)
    {
        if (point == FaultPoint.VaultApply) return [.. plan.Vault.Select(s => s.Peer.InstanceId)];
        var fleet = await client.GetFleetAsync(cancellation: cancellation).ConfigureAwait(false);
        var usable = fleet.Instances.Where(i => i.Phase is not (InstancePhase.Draining or InstancePhase.Gone)).Select(i => i.Info.Id).ToHashSet();
        return [.. plan.Places.Select(p => p.Peer.InstanceId).Where(usable.Contains).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>Orders a fault and waits until it has struck.</summary>
    /// <returns>Its outcome.</returns>
    private async Task<string> StrikeAsync(string instance, FaultOrder order, CancellationToken cancellation)
    {
        (_asked, _unhurt) = (null, time.GetTimestamp());
        bool ordered = false;
        try
        {
            _struck = (await client.GetWorkerStatusAsync(instance, jobId, cancellation).ConfigureAwait(false)).FaultsStruck;
            ordered = true;
            _unhurt = time.GetTimestamp();
            await client.InjectFaultAsync(instance, order, cancellation).ConfigureAwait(false);
            for (long begin = time.GetTimestamp(); time.GetElapsedTime(begin) < setting.Patience; await Task.Delay(setting.Every, time, cancellation).ConfigureAwait(false))
            {
                if (await CountAsync(instance, cancellation).ConfigureAwait(false) > _struck) return FaultOutcome.Struck;
                var status = await client.GetStatusAsync(jobId, cancellation).ConfigureAwait(false);
                if (IsOver(status)) return FaultOutcome.Ended;
                if (status.Phase == JobPhase.Paused && !setting.WaitsOutPauses) break;
            }

            await client.InjectFaultAsync(instance, null, cancellation).ConfigureAwait(false);
            // An answer from before does not count.
            _asked = null;
            return await CountAsync(instance, cancellation).ConfigureAwait(false) > _struck ? FaultOutcome.Struck : FaultOutcome.NotReached;
        }
        catch (InvalidOperationException e) when (e is not ObjectDisposedException)
        {
            throw new CommandFailedException(e.Message, e);
        }
        catch (InstanceGoneException)
        {
            return ordered && order.Kind is FaultKind.Kill or FaultKind.Hang && !listener.TookAway(instance) ? FaultOutcome.Struck : FaultOutcome.Gone;
        }
    }

    /// <summary>Faults that have struck an instance; null while it does not say: the answer of one that was killed may be long in coming, the fleet knows earlier.</summary>
    private async Task<int?> CountAsync(string instance, CancellationToken cancellation)
    {
        long asked = time.GetTimestamp();
        try
        {
            bool fresh = _asked is null;
            _asked ??= client.GetWorkerStatusAsync(instance, jobId, cancellation);
            var status = await _asked.WaitAsync(setting.Every, time, cancellation).ConfigureAwait(false);
            _asked = null;
            if (fresh && status.FaultsStruck == _struck) _unhurt = asked;
            return status.FaultsStruck;
        }
        catch (TimeoutException)
        {
            var fleet = await client.GetFleetAsync(cancellation: cancellation).ConfigureAwait(false);
            if (fleet.Instances.Any(i => i.Info.Id == instance)) return null;
            throw new InstanceGoneException($"Instance {instance} is gone.");
        }
    }

    /// <summary>Waits until the job has committed some further steps.</summary>
    private async Task<FaultRecord> RideOutAsync(FaultRecord fault, CancellationToken cancellation)
    {
        long begin = time.GetTimestamp();
        var (generation, from) = (fault.GenerationBefore, -1);
        double? next = null;
        while (true)
        {
            var status = await client.GetStatusAsync(jobId, cancellation).ConfigureAwait(false);
            if (from < 0) from = status.CommittedStep;
            bool training = status is { Phase: JobPhase.Training, Plan: not null };
            if (training && status.Plan!.Generation != generation) (generation, from, next) = (status.Plan.Generation, status.Plan.StartStep, null);
            if (training && status.CommittedStep > from) next ??= Math.Round(time.GetElapsedTime(_unhurt).TotalSeconds, 3);
            if ((training && status.CommittedStep >= from + setting.FurtherSteps) || Ends(status, begin))
                return fault with { GenerationAfter = generation, SecondsToNextStep = fault.Struck ? next : null };
            await Task.Delay(setting.Every, time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Whether nothing more can be done: the job is over, is paused, or has not got on since <paramref name="begin"/>.</summary>
    private bool Ends(JobStatus status, long begin)
    {
        string phase = $"{status.Phase}".ToLowerInvariant(), reason = status.Reason is { Length: > 0 } r ? $": {r}" : "";
        Stopped = IsOver(status) ? $"the job is {phase}{reason}"
            : status.Phase == JobPhase.Paused && !setting.WaitsOutPauses ? $"the job is paused{reason}; start instances, then go on with another seed"
            : time.GetElapsedTime(begin) > setting.Recovery ? $"the job has not got on within {setting.Recovery.TotalSeconds:0.#} s; it is {phase}{reason}"
            : null;
        return Stopped is not null;
    }

    private static bool IsOver(JobStatus status) => status.Phase is JobPhase.Completed or JobPhase.Cancelled or JobPhase.Failed;
}
