using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Parcae.Grains;

namespace Parcae.Silo.Api.Problems;

/// <summary>Turns what grains throw on purpose into problems, and what says that they were not reached into 503.</summary>
internal sealed partial class GrainAnswers(ILogger<GrainAnswers> logger) : IEndpointFilter
{
    private const string Again = "2";

    // The generated log methods look for a field.
    private readonly ILogger _logger = logger;

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (KeyNotFoundException e)
        {
            return ApiProblem.Of(HttpStatusCode.NotFound, e.Message);
        }
        catch (InstanceGoneException e)
        {
            return ApiProblem.Of(HttpStatusCode.NotFound, e.Message);
        }
        catch (ArgumentException e)
        {
            string[] errors = e.Message.Split(Environment.NewLine);
            return ApiProblem.Of(HttpStatusCode.BadRequest, errors[0], errors.Length > 1 ? errors : null);
        }
        catch (InvalidOperationException e) when (e.GetType() == typeof(InvalidOperationException))
        {
            return ApiProblem.Of(HttpStatusCode.Conflict, e.Message);
        }
        catch (StateTooNewException e)
        {
            return ApiProblem.Of(HttpStatusCode.ServiceUnavailable, e.Message);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            LogUnavailable(e, context.HttpContext.Request.Method, context.HttpContext.Request.Path);
            context.HttpContext.Response.Headers.RetryAfter = Again;
            return ApiProblem.Of(HttpStatusCode.ServiceUnavailable, $"The grain that knows did not answer ({e.GetType().Name}); try again in {Again} seconds.");
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Method} {Path} was not answered")]
    private partial void LogUnavailable(Exception exception, string method, string path);
}
