using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Parcae.Silo.Api.Documents;

/// <summary>The OpenAPI document of the API.</summary>
internal static class ApiDocument
{
    /// <summary>Name of the document, and version of the API.</summary>
    public const string Name = "v1";

    private const string Scheme = "bearer";

    /// <summary>Adds what writes it.</summary>
    public static IServiceCollection AddApiDocument(this IServiceCollection services) => services.AddOpenApi(Name, options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.ShouldInclude = description => description.RelativePath?.StartsWith("api/v1/", StringComparison.Ordinal) == true;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Parcae",
                Version = Name,
                Description = "Jobs and instances of a Parcae service. Numbers that are not finite are null. Errors are application/problem+json; where several things are wrong, 'errors' has them all.",
            };
            // The address it was asked at is another for everybody.
            document.Servers = [new OpenApiServer { Url = "/" }];
            (document.Components ??= new OpenApiComponents()).SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [Scheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = Scheme, Description = "A token of the service's configuration. Browsers have a session's cookie in its place." },
            };
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, document)] = [] }];
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            // A later version may say more.
            schema.AdditionalPropertiesAllowed = true;
            var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
            if (type == typeof(double)) (schema.Type, schema.Format) = (JsonSchemaType.Number | JsonSchemaType.Null, "double");
            if (type == typeof(ulong)) (schema.Type, schema.Format, schema.Pattern) = (JsonSchemaType.String, "uint64", "^[0-9]+$");
            return Task.CompletedTask;
        });
    });
}
