using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Parcae.Grains;
using Parcae.Silo.Api.Jobs.Series;
using Parcae.Silo.Api.Limits;
using Parcae.Silo.Api.Problems;

namespace Parcae.Silo.Api.Jobs;

/// <summary>Jobs over HTTP.</summary>
internal static class JobEndpoints
{
    /// <summary>The most jobs of one answer.</summary>
    private const int MostJobs = 500;

    private const int Page = 100;
    private const int MostPoints = 5000;
    private const int Points = 400;

    /// <summary>Maps them.</summary>
    public static void MapJobs(this IEndpointRouteBuilder endpoints)
    {
        var jobs = endpoints.Part("/jobs", "jobs").RequireRateLimiting(ApiLimits.Requests);
        jobs.MapGet("", List).For(ApiRole.Viewer).MayMiss().WithName("ListJobs").WithSummary("The newest jobs of a fleet, newest first.").Produces<JobSummary[]>().ProducesProblem(400);
        jobs.MapPost("", JobSubmission.Submit).For(ApiRole.Submitter).WithName("SubmitJob").WithSummary("Submits a job. The same document under the same id again changes nothing.")
            .Accepts<JobSpec>("application/json", "application/yaml", "application/x-yaml", "text/yaml").Produces<JobStatus>(201).ProducesProblem(400).ProducesProblem(413).ProducesProblem(415);
        jobs.MapGet("/{id}", (string id, JobLooks looks) => looks.Job(id).Status()).For(ApiRole.Viewer).MayMiss().WithName("GetJob").WithSummary("A job as it is now.");
        jobs.MapGet("/{id}/spec", async (string id, JobLooks looks) => (await looks.Job(id).History(int.MaxValue)).Spec).For(ApiRole.Viewer).MayMiss().WithName("GetJobSpec").WithSummary("A job as submitted.");
        jobs.MapGet("/{id}/history", History).For(ApiRole.Viewer).MayMiss().WithName("GetJobHistory").WithSummary("Spec, generations, intervals and committed steps.").Produces<JobHistory>().ProducesProblem(400);
        jobs.MapGet("/{id}/events", Events).For(ApiRole.Viewer).MayMiss().WithName("GetJobEvents").WithSummary("Events after one of them, oldest first; the last 1,000 are kept.").Produces<JobEvent[]>().ProducesProblem(400);
        jobs.MapGet("/{id}/generations", async (string id, JobLooks looks) => (await looks.Job(id).History(int.MaxValue)).Generations).For(ApiRole.Viewer).MayMiss()
            .WithName("ListGenerations").WithSummary("Every reconfiguration, oldest first.");

        jobs.MapGet("/{id}/generations/{number}", Generation).For(ApiRole.Viewer).MayMiss().WithName("GetGeneration").WithSummary("How a generation came about: forecast, candidates, phases, transfers.").Produces<GenerationView>();
        jobs.MapGet("/{id}/series", Series).For(ApiRole.Viewer).MayMiss().WithName("GetJobSeries").WithSummary("A job over time, in as many points as a chart can show.").Produces<SeriesView>().ProducesProblem(400);

        Change("pause", ApiRole.Submitter, job => job.Pause(), "PauseJob", "Stops a job at its next step boundary; it keeps its state until it is resumed.");
        Change("resume", ApiRole.Submitter, job => job.Resume(), "ResumeJob", "Takes a pause back.");
        Change("cancel", ApiRole.Submitter, job => job.Cancel(), "CancelJob", "Ends a job for good and releases its instances.");
        Change("finish", ApiRole.Admin, job => job.Finish(), "FinishJob", "Completes a job at its next step boundary: its state is checkpointed, its instances are released.");

        void Change(string verb, ApiRole role, Func<IJobGrain, Task> change, string name, string summary) => jobs.MapPost($"/{{id}}/{verb}", async (string id, JobLooks looks) =>
        {
            await change(looks.Job(id));
            looks.Forget(id, null);
            return await looks.Job(id).Status();
        }).For(role).MayMiss().WithName(name).WithSummary(summary).ProducesProblem(409);
    }

    private static async Task<IResult> List(
        JobLooks looks,
        [Description("The fleet.")] string fleet = ParcaeNames.DefaultFleet,
        [Description("Only jobs that are older than this one.")] string? before = null,
        [Description("No more than so many."), Range(1, MostJobs)] int limit = Page) =>
        limit is >= 1 and <= MostJobs
            ? TypedResults.Ok(await looks.JobsAsync(fleet, before, limit))
            : ApiProblem.Of(HttpStatusCode.BadRequest, $"limit: {limit} is not valid; it must be from 1 to {MostJobs}.");

    private static async Task<IResult> History(string id, JobLooks looks, [Description("The first step."), Range(0, int.MaxValue)] int fromStep = 0) =>
        fromStep >= 0
            ? TypedResults.Ok(await looks.Job(id).History(fromStep))
            : ApiProblem.Of(HttpStatusCode.BadRequest, $"fromStep: {fromStep} is not valid; it must be at least 0.");

    private static async Task<IResult> Generation(string id, int number, JobLooks looks)
    {
        var job = looks.Job(id);
        var record = (await job.History(int.MaxValue)).Generations.LastOrDefault(g => g.Number == number);
        return record is null
            ? ApiProblem.Of(HttpStatusCode.NotFound, $"Job '{id}' has no generation {number}.")
            : TypedResults.Ok(new GenerationView(record, await job.Reconfiguration(number)));
    }

    private static async Task<IResult> Series(string id, JobSeries series, [Description("No more points of steps than so many."), Range(2, MostPoints)] int points = Points) =>
        points is >= 2 and <= MostPoints
            ? TypedResults.Ok(await series.GetAsync(id, points))
            : ApiProblem.Of(HttpStatusCode.BadRequest, $"points: {points} is not valid; it must be from 2 to {MostPoints}.");

    private static async Task<IResult> Events(string id, JobLooks looks, [Description("Number of the last event that is known."), Range(0, long.MaxValue)] long after = 0) =>
        after >= 0
            ? TypedResults.Ok(await looks.Job(id).Events(after))
            : ApiProblem.Of(HttpStatusCode.BadRequest, $"after: {after} is not valid; it must be at least 0.");
}

/// <summary>A generation and how it came about.</summary>
/// <param name="Generation">The generation.</param>
/// <param name="Reconfiguration">How it came about; null: it was not kept.</param>
internal sealed record GenerationView(GenerationRecord Generation, ReconfigurationRecord? Reconfiguration);
