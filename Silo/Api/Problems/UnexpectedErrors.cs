using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Parcae.Silo.Api.Problems;

/// <summary>What nobody has foreseen: a problem that says nothing of the inside, which the log does; and what the framework itself finds wrong with a request.</summary>
internal sealed partial class UnexpectedErrors(ILogger<UnexpectedErrors> logger) : IExceptionHandler
{
    // The generated log methods look for a field.
    private readonly ILogger _logger = logger;

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not BadHttpRequestException) LogUnexpected(exception, httpContext.Request.Method, httpContext.Request.Path);
        var (status, detail) = exception is BadHttpRequestException bad
            ? ((HttpStatusCode)bad.StatusCode, bad.InnerException is JsonException json ? $"The body is not valid: {Plain(json.Message)}" : bad.Message)
            : (HttpStatusCode.InternalServerError, "Something unexpected went wrong; the log of the control silo says what.");
        await ApiProblem.Write(httpContext, status, detail);
        return true;
    }

    // Names of classes are nothing that a caller knows.
    private static string Plain(string message) => message.Split(" contained in type", 2)[0].Replace("any .NET member", "a field", StringComparison.Ordinal);

    [LoggerMessage(LogLevel.Error, "{Method} {Path} went wrong")]
    private partial void LogUnexpected(Exception exception, string method, string path);
}
