using System.Diagnostics;
using Parcae.Grains.Jobs.Planning;
using Parcae.Grains.Telemetry;

namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>A reconfiguration from the switch to the first step, or to the next reconfiguration if that comes first.</summary>
internal sealed class Resuming(Activity? root, Activity? resume) : IDisposable
{
    public void Dispose()
    {
        resume?.Dispose();
        root?.Dispose();
    }
}

/// <summary>
/// The trace of one reconfiguration: <c>reconfigure</c> &gt; <c>forecast</c>, <c>plan</c>, <c>assign</c>, <c>prepare</c>, <c>switch</c>, <c>resume</c>. A root of its own,
/// linked to the reports that caused it. Forecast and plan come before it is known that anything will change, so their spans are drawn afterwards.
/// </summary>
internal sealed class ReconfigurationTrace : IDisposable
{
    private readonly Activity? _root;
    private readonly Activity? _outer = Activity.Current;
    private bool _resumes;

    public ReconfigurationTrace(string jobId, string cause, IReadOnlyCollection<Cause> causes, PlanningResult planned)
    {
        var links = causes.Select(c => ActivityContext.TryParse(c.TraceParent, null, out var context) ? new ActivityLink(context) : (ActivityLink?)null).OfType<ActivityLink>();
        var now = DateTimeOffset.UtcNow;
        var (planStart, start) = (now - planned.PlanTook, now - planned.PlanTook - planned.ForecastTook);
        Activity.Current = null;
        _root = ParcaeTelemetry.Activities.StartActivity(
            "reconfigure", ActivityKind.Internal, default(ActivityContext), [new("job", jobId), new("cause", cause)], links, start);
        Past("forecast", start, planStart);
        Past("plan", planStart, now)?.SetTag("reason", planned.Decision.Reason);
    }

    /// <summary>Tags the trace with its generation.</summary>
    public void SetGeneration(int generation) => _root?.SetTag("generation", generation);

    /// <summary>Tags the trace with the kind of migration.</summary>
    public void SetKind(MigrationKind kind) => _root?.SetTag("kind", kind.ToString());

    /// <summary>Starts a part of it.</summary>
    public Activity? Child(string name)
    {
        Activity.Current = _root;
        return ParcaeTelemetry.Activities.StartActivity(name);
    }

    /// <summary>Starts its last part, which ends with the first step of the new generation, and the whole with it.</summary>
    public Resuming Resume()
    {
        _resumes = true;
        var resume = Child("resume");
        Activity.Current = _root;
        return new Resuming(_root, resume);
    }

    /// <summary>Ends it, unless its last part has begun.</summary>
    public void Dispose()
    {
        if (!_resumes) _root?.Dispose();
        Activity.Current = _outer;
    }

    private Activity? Past(string name, DateTimeOffset from, DateTimeOffset to)
    {
        var span = ParcaeTelemetry.Activities.StartActivity(name, ActivityKind.Internal, _root?.Context ?? default, startTime: from);
        span?.SetEndTime(to.UtcDateTime);
        span?.Stop();
        Activity.Current = _root;
        return span;
    }
}
