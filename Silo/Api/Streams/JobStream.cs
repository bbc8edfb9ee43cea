using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Parcae.Grains;
using Parcae.Silo.Api.Jobs;

namespace Parcae.Silo.Api.Streams;

/// <summary>A job, live.</summary>
internal sealed class JobStream(JobLooks looks, IOptions<JsonOptions> json, TimeProvider time)
{
    /// <summary>Returns if there is such a job.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Task FindAsync(string id) => looks.StatusAsync(id);

    /// <summary>Everything from after an event on, until the job ends or the reader has had enough. While nobody answers for the job nothing comes but pings.</summary>
    public async IAsyncEnumerable<SseItem<object>> ReadAsync(string id, long after, [EnumeratorCancellation] CancellationToken stop)
    {
        var changes = new Changes(json, time);
        while (!stop.IsCancellationRequested)
        {
            if (await LookAsync(id, after) is { } look)
            {
                foreach (var e in look.Events)
                {
                    after = e.Sequence;
                    yield return changes.Numbered("event", e, e.Sequence);
                }

                if (changes.Of("status", look.Status) is { } status) yield return status;
                if (look.Status.Phase is JobPhase.Completed or JobPhase.Cancelled or JobPhase.Failed)
                {
                    yield return new SseItem<object>(new { look.Status.Phase }, "end");
                    yield break;
                }
            }

            if (changes.Ping() is { } ping) yield return ping;
            await Pausing.For(looks.Every, time, stop);
        }
    }

    private async Task<(JobStatus Status, JobEvent[] Events)?> LookAsync(string id, long after)
    {
        try
        {
            var status = await looks.StatusAsync(id);
            return (status, status.LastEvent > after ? await looks.Job(id).Events(after) : []);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return null;
        }
    }
}
