using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace Parcae.Silo.Api.Problems;

/// <summary>An answer that says what was wrong, as <c>application/problem+json</c> (RFC 9457).</summary>
internal static class ApiProblem
{
    /// <summary>The media type.</summary>
    public const string MediaType = "application/problem+json";

    /// <summary>Writes one as the whole answer.</summary>
    public static Task Write(HttpContext context, HttpStatusCode status, string detail, IReadOnlyList<string>? errors = null) => Of(status, detail, errors).ExecuteAsync(context);

    /// <summary>One as an endpoint's result.</summary>
    /// <param name="status">The status.</param>
    /// <param name="detail">What was wrong, with the value, and what would be right.</param>
    /// <param name="errors">Everything that is wrong, where it is more than one thing.</param>
    public static IResult Of(HttpStatusCode status, string detail, IReadOnlyList<string>? errors = null)
    {
        var problem = new ProblemDetails { Status = (int)status, Title = ReasonPhrases.GetReasonPhrase((int)status), Detail = detail };
        if (errors is { Count: > 0 }) problem.Extensions["errors"] = errors;
        return TypedResults.Problem(problem);
    }
}
