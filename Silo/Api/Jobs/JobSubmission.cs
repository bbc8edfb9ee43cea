using System.ComponentModel;
using System.Net;
using System.Net.Mime;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Parcae.Grains;
using Parcae.Silo.Api.Access;
using Parcae.Silo.Api.Problems;

namespace Parcae.Silo.Api.Jobs;

/// <summary>Takes in the document of a job.</summary>
internal static partial class JobSubmission
{
    private const string IdRule = "1 to 100 letters, digits, dots, dashes or underscores, the first a letter or a digit";
    private const int LongestName = 60;

    /// <summary>Submits a job. The same document under the same id again changes nothing.</summary>
    public static async Task<IResult> Submit(HttpContext context, JobLooks looks, Callers callers, [Description("Its id; without one a fresh id is made.")] string? id = null)
    {
        var format = MediaTypeHeaderValue.Parse(context.Request.ContentType).MediaType.Equals(MediaTypeNames.Application.Json, StringComparison.OrdinalIgnoreCase) ? JobSpecFormat.Json : JobSpecFormat.Yaml;
        if (id is not null && !IdForm().IsMatch(id)) return ApiProblem.Of(HttpStatusCode.BadRequest, $"id: '{id}' is not valid; it must be {IdRule}.");
        if (await Body(context) is not { } text) return ApiProblem.Of(HttpStatusCode.BadRequest, "The body is not UTF-8.");
        var reading = JobSpecDocument.Read(text, format);
        if (reading.Spec is not { } spec) return Wrong(reading.Problems);
        if (!callers.Open && Callers.RoleOf(context.User) < ApiRole.Admin)
        {
            // Quotas are by submitter: nobody takes another's.
            string name = context.User.Identity!.Name!;
            if (spec.Sharing.Submitter is not "" and var said && said != name)
                return ApiProblem.Of(HttpStatusCode.BadRequest, $"sharing.submitter: '{said}' is not valid; it must be '{name}', whose token this is, or left out.");
            spec = spec with { Sharing = spec.Sharing with { Submitter = name } };
        }

        id ??= Fresh(spec.Name);
        await looks.Job(id).Submit(spec);
        looks.Forget(id, spec.Fleet);
        return TypedResults.Created($"{ApiGroup.Root}/jobs/{id}", await looks.Job(id).Status());
    }

    private static IResult Wrong(IReadOnlyList<DocumentProblem> problems) => ApiProblem.Of(HttpStatusCode.BadRequest, problems[0].ToString(), [.. problems.Select(p => p.ToString())]);

    private static async Task<string?> Body(HttpContext context)
    {
        try
        {
            using var reader = new StreamReader(context.Request.Body, new UTF8Encoding(false, throwOnInvalidBytes: true));
            return await reader.ReadToEndAsync(context.RequestAborted);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static string Fresh(string name)
    {
        string plain = Others().Replace(name, "-").Trim('-', '.', '_');
        return $"{(plain.Length == 0 ? "job" : plain[..Math.Min(plain.Length, LongestName)])}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    private static partial Regex IdForm();

    [GeneratedRegex("[^A-Za-z0-9._-]+")]
    private static partial Regex Others();
}
